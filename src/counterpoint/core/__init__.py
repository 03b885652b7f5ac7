"""The idea in code: samples whose parts share axes, and the maps of those axes. numpy only."""
