"""Menus as files: CSV, XLSX and JSON.

The first row names the columns, in any order and any case:

    category*      Mains
    item*          Margherita
    price*         9.50               in major units of the restaurant's currency, as text or a number
    vat_class*     hot_food           a code of the restaurant's VAT classes
    description    Tomato, mozzarella
    allergens      milk, gluten       separated by commas or semicolons
    may_contain    nuts               what it may hold traces of
    options        Size(1-1 size): Small=0; Large=1.50 | Extras(0-2): Cheese=0.80[milk, ?nuts]; Egg=1
    nested_options Side > Chips > Sauce(0-1): Ketchup=0; Mayonnaise=0.20[eggs]      what an option opens
    available      yes                no: taken off
    availability   Mon-Fri 07:00-11:00; Sat,Sun 08:00-12:00      empty: always
    position       10                 order within the category
    barcode        5012345678900      EAN-13, UPC-A or EAN-8, as text; one item of the menu has it
    plu            101                a short number to call it by at the till; one item has it
    preparation_minutes 12            how long the kitchen takes for it; empty: as long as its station has
    stock          50                 units on hand when counting starts; ignored once an item is counted
    reorder_point  5                  warn at this many units
    stock_policy   refuse             or allow: may be ordered although none is left; warn: so, and told
    category_menus Lunch: Mon-Fri 12:00-15:00       menus by time of day that all of the category is on
    menus          Feast: always from 2026-12-31 until 2026-12-31 | Lunch      those that the item is on
    image          9f2b6c...          a picture as an export names it; that of another restaurant is copied

In `options` the groups are parted by |, their options by ;, and an option is its name, what it adds to the
price after = (nothing: 0) and, in brackets, the allergens that it adds to the item's, separated by commas,
and behind a ? those of which it may hold traces. An option without brackets keeps the allergens that it has;
[] takes them off. `nested_options` names the group and the option that open a group before it.

In braces after that stands what few options have: `{vat alcohol}`, its own VAT class;
`{takes 2 Drinks > Cola}`, the units of an item that it takes off the shelf; `{is Mains > Burger}`, the item
that it is as a component of a combo. Without braces an option keeps these as well; {} takes them off. After
the numbers of a group stands `size` where it asks for the size, and `with 1` where the VAT of its components
follows what is chosen in the first group.

The hours of a menu by time of day stand after its name and a colon: windows as in `availability` or `always`,
then its dates. Without a colon it keeps the hours that it has. What a row says of its item or its category is
all that it is on.

An option that is not to be had has "off" at its end: `Cheese=0.80[milk] off`; without it an option stays as
it is. In a name of the options \\ stands before | ; : > { } and before \\ itself. A text that begins like a
formula (= + - @) has an apostrophe before it, which is not part of it, and so may a barcode. In JSON,
`{"items": [{"category": "Mains", ...}]}`, the columns are members and nothing needs an apostrophe.

Columns with * are needed. A column that is not in the file changes nothing; an empty cell clears, except in
the three stock columns and in `available`, where it changes nothing. Items that are not in the file stay as
they are.
"""
