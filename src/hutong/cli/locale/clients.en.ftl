cli-help-client = Let another system call: its rights, what it sees in clear, which rows. Again: replaces them and the key.
cli-help-client-code = short name of the calling system
cli-help-client-right = what it may do, e.g. party.read, party.create, party.export, party.* (repeat)
cli-help-client-name = its name for people
cli-help-client-clear = kinds of field it sees unmasked: name, phone, id_card, email, address, bank_card, or * (repeat)
cli-help-client-rows = which customers it sees: a CEL condition, e.g. row.branch == "east"; none: all
cli-help-client-per-second = requests a second
cli-client-made = { $code } may call with this key; it is shown once: { $key }
