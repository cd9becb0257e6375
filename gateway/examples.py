"""The examples of the OpenAPI document: one restaurant, one order, followed through every resource."""

from typing import Any, Final

RESTAURANT_ID: Final = "0198f0a0-0000-7000-8000-00000000000a"
USER_ID: Final = "0198f0a0-0000-7000-8000-00000000000b"
ITEM_ID: Final = "0198f0a0-0000-7000-8000-0000000000c1"
CATEGORY_ID: Final = "0198f0a0-0000-7000-8000-0000000000c2"
OPTION_ID: Final = "0198f0a0-0000-7000-8000-0000000000c3"
GROUP_ID: Final = "0198f0a0-0000-7000-8000-0000000000c4"
ORDER_ID: Final = "0198f0a0-0000-7000-8000-0000000000d1"
LINE_ID: Final = "0198f0a0-0000-7000-8000-0000000000d2"
STATION_ID: Final = "0198f0a0-0000-7000-8000-0000000000e1"
TICKET_ID: Final = "0198f0a0-0000-7000-8000-0000000000e2"
TICKET_LINE_ID: Final = LINE_ID
SESSION_ID: Final = "0198f0a0-0000-7000-8000-0000000000f1"
PAYMENT_ID: Final = "0198f0a0-0000-7000-8000-0000000000f2"
PLATFORM_ID: Final = "0198f0a0-0000-7000-8000-000000000001"
EMPLOYEE_ID: Final = "0198f0a0-0000-7000-8000-0000000000f3"
AT: Final = "2026-11-20T12:30:00.123Z"
BUSINESS_DATE: Final = "2026-11-20"

Example = dict[str, Any]

LOG_IN: Final[Example] = {"email": "till@demo.fynlo.test", "password": "lunch-at-noon-2026", "client": "web"}
USER: Final[Example] = {"id": USER_ID, "email": "till@demo.fynlo.test", "name": "Tilly Till"}
RESTAURANT: Final[Example] = {
    "id": RESTAURANT_ID,
    "name": "Casa Demo",
    "currency": "GBP",
    "timezone": "Europe/London",
    "bill_mode": "inclusive_optional",
    "service_charge_bp": 0,
    "day_cutoff_minutes": 240,
    "fee_preset": "listed",
    "platform_id": PLATFORM_ID,
    "auto_complete": True,
    "version": 1,
}
CREATED_RESTAURANT: Final[Example] = {
    **RESTAURANT,
    "owner": {
        "id": None,
        "email": "owner@demo.fynlo.test",
        "name": "Olga Owner",
        "state": "pending",
        "invitation_id": "0198f0a0-0000-7000-8000-0000000000f4",
    },
}
RESTAURANT_IN: Final[Example] = {
    "name": "Casa Demo",
    "currency": "GBP",
    "timezone": "Europe/London",
    "owner_email": "owner@demo.fynlo.test",
    "owner_name": "Olga Owner",
}
SETTINGS_IN: Final[Example] = {
    "name": "Casa Demo",
    "timezone": "Europe/London",
    "bill_mode": "inclusive_optional",
    "service_charge_bp": 1250,
    "day_cutoff_minutes": 240,
    "auto_complete": True,
    "fee_preset": "listed",
}
MEMBERSHIP: Final[Example] = {"id": RESTAURANT_ID, "name": "Casa Demo", "role": "employee"}
SESSION: Final[Example] = {
    "access_token": "eyJhbGciOiJFZERTQSIs…",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": "rt_0kE…",
    "user": USER,
    "role": "employee",
    "restaurant": RESTAURANT,
    "restaurants": [MEMBERSHIP],
    "permissions": ["orders.place", "orders.read", "till.operate"],
}
LOGGED_IN: Final[Example] = {**SESSION, "device_secret": "q2fVp0…"}
ME: Final[Example] = {
    "user": USER,
    "role": "employee",
    "restaurant": RESTAURANT,
    "restaurants": [MEMBERSHIP],
    "permissions": ["orders.place", "orders.read", "till.operate"],
}
OPTION: Final[Example] = {
    "id": OPTION_ID,
    "name": "Sour cream",
    "price_delta_minor": 150,
    "available": True,
    "allergens": ["milk"],
}
GROUP: Final[Example] = {"id": GROUP_ID, "name": "Sauce", "min": 1, "max": 1, "options": [OPTION]}
CATEGORY: Final[Example] = {"id": CATEGORY_ID, "name": "Burritos", "position": 1, "version": 7}
ITEM: Final[Example] = {
    "id": ITEM_ID,
    "category_id": CATEGORY_ID,
    "name": "Steak Burrito",
    "description": "Slow-cooked, with rice and beans",
    "price_minor": 925,
    "vat_class": "hot_food",
    "allergens": ["cereals_containing_gluten"],
    "available": True,
    "stock_tracked": False,
    "stock_left": None,
    "position": 1,
    "version": 7,
    "windows": [],
    "option_groups": [GROUP],
}
ITEM_IN: Final[Example] = {
    "category_id": CATEGORY_ID,
    "name": "Steak Burrito",
    "price_minor": 925,
    "vat_class": "hot_food",
    "allergens": ["cereals_containing_gluten"],
    "option_groups": [
        {
            "name": "Sauce",
            "min": 1,
            "max": 1,
            "options": [{"name": "Sour cream", "price_delta_minor": 150, "allergens": ["milk"]}],
        }
    ],
}
MENU: Final[Example] = {"version": 7, "currency": "GBP", "categories": [{**CATEGORY, "items": [ITEM]}]}
MENU_CSV: Final = (
    "category,item,description,price,vat_class,allergens,options,stock\n"
    "Burritos,Steak Burrito,Slow-cooked,9.25,hot_food,gluten,Sauce(1-1): Salsa=0; Sour cream=1.50[milk],\n"
)
IMPORT: Final[Example] = {"created": 24, "updated": 1, "unchanged": 0, "rejected": [], "menu_version": 8}
STOCK_LEVEL: Final[Example] = {
    "item_id": ITEM_ID,
    "item_name": "Churros",
    "on_hand": 24,
    "reserved": 2,
    "available": 22,
    "reorder_point": 6,
    "tracked": True,
    "version": 3,
    "updated_at": AT,
}
LINE_IN: Final[Example] = {"item_id": ITEM_ID, "quantity": 2, "options": [{"option_id": OPTION_ID}]}
BASKET: Final[Example] = {"service_flow": "pay_later", "order_type": "takeaway", "lines": [LINE_IN]}
GUEST_ALLERGY: Final[Example] = {
    "allergens": ["cereals_containing_gluten"],
    "text": "coeliac: no shared fryer",
}
ORDER_IN: Final[Example] = {"id": ORDER_ID, **BASKET, "guest_allergy": GUEST_ALLERGY}
LINE: Final[Example] = {
    "id": LINE_ID,
    "item_id": ITEM_ID,
    "category_id": CATEGORY_ID,
    "name": "Steak Burrito",
    "quantity": 2,
    "unit_price_minor": 925,
    "options": [{"option_id": OPTION_ID, "name": "Sour cream", "quantity": 1, "price_delta_minor": 150}],
    "note": None,
    "seat": None,
    "course": None,
    "hold": False,
    "gross_minor": 2150,
    "discount_minor": 0,
    "vat_rate_bp": 2000,
    "vat_minor": 358,
    "kitchen_state": "queued",
    "voided": False,
    "allergens": ["cereals_containing_gluten", "milk"],
}
VAT: Final[list[Example]] = [{"rate_bp": 2000, "gross_minor": 2150, "vat_minor": 358}]
TOTALS: Final[Example] = {
    "goods_minor": 2150,
    "discount_minor": 0,
    "service_charge_minor": 0,
    "vat_minor": 358,
    "total_minor": 2150,
    "paid_minor": 0,
    "due_minor": 2150,
}
METHOD_COST: Final[Example] = {
    "method": "open_banking",
    "fee": {"provider_minor": 4, "platform_minor": 22, "bearer": "restaurant"},
    "total_minor": 26,
    "saving_bp": 7760,
    "offered": False,
}
QUOTE: Final[Example] = {
    "currency": "GBP",
    "order_type": "takeaway",
    "bill_mode": "inclusive_optional",
    "lines": [LINE],
    "vat": VAT,
    "totals": TOTALS,
    "payment_costs": [METHOD_COST],
}
ACTOR: Final[Example] = {"user_id": USER_ID, "name": "Tilly Till", "device_id": None}
ORDER: Final[Example] = {
    "id": ORDER_ID,
    "number": 17,
    "restaurant_id": RESTAURANT_ID,
    "state": "validated",
    "lifecycle": "validated",
    "payment_state": "unpaid",
    "kitchen_state": "queued",
    "service_flow": "pay_later",
    "order_type": "takeaway",
    "table": None,
    "covers": None,
    "customer_id": None,
    "currency": "GBP",
    "business_date": BUSINESS_DATE,
    "created_at": AT,
    "updated_at": AT,
    "completed_at": None,
    "unsent_since": None,
    "placed_by": ACTOR,
    "version": 1,
    "menu_version": 7,
    "bill_mode": "inclusive_optional",
    "lines": [LINE],
    "vat": VAT,
    "totals": TOTALS,
    "guest_allergy": GUEST_ALLERGY,
}
STATE_CHANGE: Final[Example] = {
    "sequence": 1,
    "axis": "lifecycle",
    "from": "draft",
    "to": "validated",
    "command_id": "0198f0a0-0000-7000-8000-00000000aaaa",
    "actor": ACTOR,
    "occurred_at": AT,
    "recorded_at": AT,
    "reason": None,
}
STATION: Final[Example] = {
    "id": STATION_ID,
    "name": "Grill",
    "position": 1,
    "category_ids": [CATEGORY_ID],
    "is_default": False,
    "target_minutes": 12,
    "version": 1,
}
STATION_IN: Final[Example] = {
    "name": "Grill",
    "position": 1,
    "category_ids": [CATEGORY_ID],
    "target_minutes": 12,
}
TICKET: Final[Example] = {
    "id": TICKET_ID,
    "order_id": ORDER_ID,
    "order_number": 17,
    "station_id": STATION_ID,
    "station": "Grill",
    "revision": 1,
    "state": "queued",
    "course": None,
    "table": None,
    "order_type": "takeaway",
    "business_date": BUSINESS_DATE,
    "created_at": AT,
    "target_at": "2026-11-20T12:42:00.123Z",
    "ready_at": None,
    "acknowledged_at": None,
    "allergy": ["cereals_containing_gluten", "milk"],
    "lines": [
        {
            "id": TICKET_LINE_ID,
            "name": "Steak Burrito",
            "quantity": 2,
            "options": [{"option_id": OPTION_ID, "name": "Sour cream", "quantity": 1}],
            "note": None,
            "seat": None,
            "state": "queued",
        }
    ],
    "guest_allergy": GUEST_ALLERGY,
    "allergy_acknowledged_at": None,
}
EMPLOYEE: Final[Example] = {
    "id": EMPLOYEE_ID,
    "restaurant_id": RESTAURANT_ID,
    "name": "Tilly Till",
    "user_id": USER_ID,
    "job": "server",
    "hourly_rate_minor": 1250,
    "currency": "GBP",
    "active": True,
    "version": 1,
}
EMPLOYEE_IN: Final[Example] = {
    "name": "Tilly Till",
    "user_id": USER_ID,
    "job": "server",
    "hourly_rate_minor": 1250,
}
TIMECARD: Final[Example] = {
    "id": "0198f0a0-0000-7000-8000-0000000000f4",
    "restaurant_id": RESTAURANT_ID,
    "employee_id": EMPLOYEE_ID,
    "employee_name": "Tilly Till",
    "clocked_in_at": AT,
    "clocked_out_at": None,
    "time_zone": "Europe/London",
    "worked_minutes": None,
    "flags": [],
    "business_date": BUSINESS_DATE,
    "version": 1,
}
SNAPSHOT: Final[Example] = {
    "ch": f"restaurant:{RESTAURANT_ID}:kitchen",
    "e": "k3f9",
    "s": 1843,
    "state": {"tickets": [TICKET], "stations": [STATION]},
}
HEALTH: Final[Example] = {
    "status": "up",
    "parts": {
        "auth": "up",
        "catalog": "up",
        "orders": "up",
        "payments": "up",
        "realtime": "up",
        "valkey": "up",
    },
}
