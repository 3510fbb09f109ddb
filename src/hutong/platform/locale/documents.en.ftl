## Documents
platform-document-mistake = Line { $line } ({ $where }): { $why }. Mend the document and try again.
platform-document-long = A document has at most { $most } characters.
platform-document-unknown = There is no document { $name } of kind { $kind }, or it is not yours. Choose one of the list.
platform-document-version-unknown = { $name } ({ $kind }) has no version { $version }.
platform-document-newer = Version { $version } of { $name } was published while you were editing. Open it again and repeat your change.
platform-document-state = { $name } is { $state }; that is not possible now.
platform-document-needed = { $name } must always be there: publish another version instead.
platform-document-drafted = Somebody else is writing { $name }. Ask for it to be finished or thrown away.
platform-document-proposed-only = A second person must approve this document: propose it.
platform-document-four-eyes = Whoever wrote a proposal cannot approve it. Another person must.
platform-document-no-draft = There is no draft of { $name }. It may have been published or thrown away.
platform-document-name = The document calls itself { $own }, not { $name }. Give it the name under which it is kept.
platform-document-reason-missing = Say why it is given back: whoever wrote it needs a reason.
