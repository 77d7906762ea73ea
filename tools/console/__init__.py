"""The sandbox's console: pages in a browser that show what the bridge does, and let it fail.

See ``docs/console.md``. Nothing of it is deployed.
"""
