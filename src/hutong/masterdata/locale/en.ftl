masterdata-code-unknown = Code set { $code_set } has no standard code { $codes }. Use a published code, or publish the new one first.
