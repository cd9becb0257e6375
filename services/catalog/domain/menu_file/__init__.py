"""Menus as files: CSV, XLSX and JSON.

The first row names the columns, in any order and any case:

    category*      Mains
    item*          Margherita
    price*         9.50               in major units of the restaurant's currency, as text or a number
    vat_class*     hot_food           a code of the restaurant's VAT classes
    description    Tomato, mozzarella
    allergens      milk, gluten       separated by commas or semicolons
    options        Size(1-1): Small=0; Large=1.50 | Extras(0-3): Cheese=0.80[milk]; Aioli=0.50[eggs, mustard]
    available      yes                no: taken off
    availability   Mon-Fri 07:00-11:00; Sat,Sun 08:00-12:00      empty: always
    position       10                 order within the category
    barcode        5012345678900      EAN-13, UPC-A or EAN-8, as text; one item of the menu has it
    plu            101                a short number to call it by at the till; one item has it
    stock          50                 units on hand when counting starts; ignored once an item is counted
    reorder_point  5                  warn at this many units
    stock_policy   refuse             or allow: may be ordered although none is left; warn: so, and told

In `options` the groups are parted by |, their options by ;, and an option is its name, what it adds to the
price after = (nothing: 0) and, in brackets, the allergens that it adds to the item's, separated by commas. An
option without brackets keeps the allergens that it has; [] takes them off.

An option that is not to be had has "off" after its amount and brackets: `Cheese=0.80[milk] off`; without it
an option stays as it is. In a name of the options \\ stands before | ; : and before \\ itself. A text that
begins like a formula (= + - @) has an apostrophe before it, which is not part of it, and so may a barcode. In
JSON, `{"items": [{"category": "Mains", ...}]}`, the columns are members and nothing needs an apostrophe.

Columns with * are needed. A column that is not in the file changes nothing; an empty cell clears, except in
the three stock columns and in `available`, where it changes nothing. Items that are not in the file stay as
they are.
"""
