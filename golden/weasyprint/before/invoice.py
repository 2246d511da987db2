"""Writes an invoice as PDF to standard output's log."""

from weasyprint import HTML

document = HTML(string="<h1>Invoice 1</h1>").write_pdf()
print(document[:5].decode(), len(document) > 1000)
