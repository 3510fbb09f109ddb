## The insurance sample
cli-help-sample-insurance = Write the exports of a life core system (CSV), a property core system (XLSX) and a call centre (JSON lines) with policies, coverages, claims, events and calls, the truth and a manifest.
cli-source-life = Life core system
cli-source-property = Property core system
cli-source-service = Customer service
