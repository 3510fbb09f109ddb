## Versions of the model
party-model-unknown = There is no model version { $id }.
party-model-state = Model version { $id } is { $state }: { $action } is not possible.
party-model-not-reviewed = Nobody has reviewed the sample of model version { $id } yet. Review it, or give a file of labels.
party-model-four-eyes = Who trained or measured a model does not approve it. Let another person approve it.
party-model-not-good = Model version { $id } cannot be approved: the lower bound of its measured precision is below { $least }, or too few pairs were reviewed.
party-model-pair-unknown = There is no such pair in the sample.
party-model-labels = The file of labels { $file } holds no pair of the sample.
