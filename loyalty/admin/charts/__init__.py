"""Charts that the server draws: no script, no library, and nothing is fetched (console.md).

Pure functions make dataclasses of places and words; a template each writes them as SVG. Places are shares of the plot
in percent, so that a chart fits a phone and a wide screen, while its texts keep their size.
"""
