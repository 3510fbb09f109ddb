## Suspects
party-suspect-state = Suspect group { $id } is in the state “{ $state }”, which does not allow this. Look at it anew.
party-suspect-changed = The parties of suspect group { $id } have changed since the proposal. Send it back to be decided anew.
party-suspect-bulk = Choose at least one and at most { $largest } groups, and whether they are the same.
party-review-own = What one proposed oneself, another person reviews.
party-flag-unknown = Operation { $id } holds nothing any more.

## Enhancement
party-enhance-heads = The file needs a column that says whom a row is about ({ $who }) and one with values ({ $values }).
party-enhance-size = The file must have at least one and at most { $largest } rows.
party-enhance-channel = Give the batch a name and one of the channels { $channels }.
party-enhance-unknown = There is no enhancement batch { $id }.
party-enhance-state = Enhancement batch { $id } is in the state “{ $state }”, which does not allow this.
party-enhance-nobody = about nobody
party-enhance-several = about several customers
party-enhance-nothing = no values
party-enhance-mobile = mobile number not valid
party-enhance-phone = phone number not valid
party-enhance-email = e-mail not valid
party-enhance-address = address not valid
party-enhance-postcode = postcode not valid
party-enhance-contact_name = contact name not valid
