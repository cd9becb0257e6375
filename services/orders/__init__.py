"""Orders: what a table or guest asked for, its bill, its kitchen tickets and its life from draft to done.

Owns the schema `orders`: orders, tickets, stations, promotions, the floor with its tables, histories, today's
figures, customers, receipts that were handed out, invoices, printers and their jobs, and the channels
`orders`, `kitchen`, `floor` and `metrics` of every restaurant. Publishes OrderPlaced, OrderUpdated,
OrderPaymentRecorded, OrderCompleted, OrderCancelled, TicketUpdated, KitchenOrderReady, TicketUndelivered,
TicketAlarmCleared, TicketLate, StationSaved, StationRemoved, ItemUnrouted, ItemsRouted, TableUpdated,
TableRemoved, SectionSaved, SectionRemoved, PrinterSaved, PrinterRemoved, PrintJobUpdated and MetricsUpdated.
Consumes MenuChanged (catalog), RestaurantUpdated (auth) and PaymentCaptured (payments). Asks catalog to
reserve stock and payments to close the bill of an order that is being cancelled.
"""
