"""`@liquid`: templates as LiquidJS renders them.

A template is cut (`lexer`), its tags are compiled (`parser`, `tags`) with the expressions and
filters in them (`expressions`, `filtered`, `filters`), and what results is rendered with a
`context`. `template` is the way in. Imported only where a mapping uses it.
"""
