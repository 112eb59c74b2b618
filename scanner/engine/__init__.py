"""The way of the data: plan, collect, judge, assess. Knows no single check and no single article."""
