## The insurance sample
cli-help-sample-insurance = Write the exports of a life core system (CSV), a property core system (XLSX) and a call centre (JSON lines) with policies, coverages, claims, events and calls, the truth and a manifest.
cli-source-life = Life core system
cli-source-property = Property core system
cli-source-service = Customer service
journey-insured =   { $policies } policies under their customers, { $households } households found
journey-insurer = Insurer
journey-customers = customers
journey-households = households found by rule, their members
journey-due = policies due within the month
journey-both = customers of both operator and insurer
