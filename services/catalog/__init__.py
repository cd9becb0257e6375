"""The catalog: categories, items with their option groups, prices, VAT classes, allergens and hours of sale,
in menus that carry a version; and stock: levels, movements and what orders have reserved.

Publishes MenuChanged, StockChanged, StockLow, StockOversold and ItemAvailabilityChanged, all on the channel
`inventory`.
Consumes OrderPlaced, OrderUpdated, OrderCompleted and OrderCancelled (reservations) and RestaurantUpdated
(its copy of currency and time zone). Asks orders before it lets an expired reservation go, and auth for a
restaurant it has not heard of.
"""
