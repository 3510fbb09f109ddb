## Requests
inventory-account-terms = Account terms are not possible: payment mode is prepaid or postpaid, the bill day is between 1 and 28, the credit limit is not negative.
inventory-no-account = Account { $account } is not an open account of this customer. Open one first, or name another.
inventory-no-component = { $offer } has no component { $component } for this product. Name one of its components.
inventory-no-group = { $offer } is no group offer: it has no members.
inventory-no-member = Instance { $instance } cannot be a member of { $offer }: it is not in use, or not of a product the group takes.
inventory-attachment = { $product }: an attached product names a main product instance of the same customer it may come with; a main product names none.
inventory-attribute-unknown = { $owner } has no attribute { $attribute }. It has: { $allowed }.
inventory-attribute-missing = { $owner } needs the attribute { $attribute }.
inventory-attribute-type = The value of { $attribute } of { $owner } is of another type.
inventory-attribute-choice = The value of { $attribute } of { $owner } is not one of { $allowed }.
inventory-attribute-range = The value of { $attribute } of { $owner } is out of range.
inventory-attribute-length = The value of { $attribute } of { $owner } is too long.
inventory-offer-key-used = The offer key { $key } means another or an ended offer instance.
## Numbers
inventory-number-expected = { $product } needs an access number.
inventory-number-needless = { $product } takes no access number.
inventory-number-taken = Number { $number } is not available. Choose another.
inventory-no-numbers = There is no free number of class { $class }. Add numbers to the pool.
## Instances
inventory-no-instance = There is no instance { $instance } in use.
inventory-one-instance = Name either an offer instance or a product instance.
inventory-nothing-to-do = The request names no change.
inventory-state = The state cannot change from { $before } to { $after }; possible: { $allowed }.
