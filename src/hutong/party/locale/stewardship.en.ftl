## Suspects
party-suspect-state = Suspect group { $id } is in the state “{ $state }”, which does not allow this. Look at it anew.
party-suspect-changed = The parties of suspect group { $id } have changed since the proposal. Send it back to be decided anew.
party-suspect-bulk = Choose at least one and at most { $largest } groups, and whether they are the same.
party-review-own = What one proposed oneself, another person reviews.
party-flag-unknown = Operation { $id } holds nothing any more.
