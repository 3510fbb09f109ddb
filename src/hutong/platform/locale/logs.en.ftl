platform-defect = Something went wrong inside. Nothing of this request was kept. Tell the operator the request's number: { $request }
