"""Master data: code sets with names and validity, and what each source system's codes mean (EC-09, SC-03)."""

from hutong.masterdata.code_sets import labels, load_documents, standard_codes
from hutong.masterdata.mapping import Unmapped, mapping_of, report_unmapped

__all__ = ["Unmapped", "labels", "load_documents", "mapping_of", "report_unmapped", "standard_codes"]
