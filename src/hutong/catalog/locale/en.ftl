## Reading documents
catalog-no-documents = There are no documents in { $folder }. Name the folder of a pack that has catalog/*.yaml.
catalog-unreadable = { $file } cannot be read: { $reason }
catalog-refused = { $count } faults: nothing was published. Mend them and publish again.
catalog-fault-form = { $reason }
catalog-fault-twice = this document is given twice. Keep one.
catalog-fault-missing = there is no { $kind } { $code }. Correct the code, or publish that document with this one.
catalog-fault-not-main = { $product } is not a main product; attached products come only with main ones.
catalog-fault-circle = products require each other in a circle ({ $circle }). Remove one of the requirements.
catalog-fault-part-twice = the code { $code } is used twice. Give each part its own code.
catalog-fault-requires-excluded = it both requires and excludes { $offer }. Keep one of the two.
catalog-fault-level = plan { $plan } is of level { $level }; here only { $allowed } is possible. Change the plan's level, or refer to it elsewhere.
catalog-fault-event = no product emits { $event }; known are: { $known }. Correct the type, or add it to `emits` of a product.
## Finding documents
catalog-no-document = There is no { $kind } { $code } in the catalog.
catalog-no-version = There is no version { $version } of { $kind } { $code }.
catalog-earlier-than-last = A release that takes effect at { $last } is already published; a new one cannot take effect before it.
## Command line
catalog-cli-new = new: { $kind } { $code }
catalog-cli-changed = changed: { $kind } { $code }
catalog-cli-same = nothing differs from the published catalog
catalog-cli-published = release { $number } published: { $count } documents
catalog-cli-valid = { $count } documents are valid
