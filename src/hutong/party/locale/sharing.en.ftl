party-changes-gone = The log of changes no longer reaches back to this cursor (it begins at { $first }). Take a full export and go on from its position.
