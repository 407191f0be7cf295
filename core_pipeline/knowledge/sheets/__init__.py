"""Facts as flat records: what a form, a line of a spreadsheet and the API give, checked in one place."""
