## Information areas: what people state
party-area-unknown = There is no information area { $area }.
party-area-field-unknown = Area { $area } has no field { $what }.
party-area-field-missing = Area { $area } needs the field { $what }.
party-area-field-type = { $what } of { $area } takes { $type ->
    [bigint] a whole number
    [boolean] yes or no
    [date] a day, as 2026-01-31
    [instant] an instant, as 2026-01-31T09:30:00+08:00
   *[text] a text
  }.
party-area-code-unknown = { $code } is not a code of { $what }.
party-area-period = The period of { $area } ends before it begins, or the area has no periods.
party-area-row-unknown = There is no such row { $id } of this customer, or it has ended.
party-area-systems-only = { $area } comes from systems only.
party-value-not-one = This is not a valid { $kind ->
    [phone] phone number: write it with its area code (0571-87654321) or country code (+86 139 1234 0001)
    [email] e-mail address: write it as name@example.com
    [address] address
    [bank_card] bank card number: compare its digits with the card
    [identifier] document number: compare it with the document
    [name] name
   *[other] value of kind { $kind }
}. Correct it, or leave it out.
party-value-unknown = Nobody states this value (kind { $kind }) of the customer.
party-image-refused = Only images (JPEG, PNG) and PDF of at most { $most } MiB are kept.
party-image-masked = Images of documents are shown only to those who see identity documents unmasked.
party-not-then = Party { $id } was not known at that time.
party-area-value = The value given for { $what } cannot be read.

## Declared attributes
party-extension-unknown = There is no declared attribute { $what } of this kind of party.
party-extension-invalid = The value given for { $what } is not valid.
