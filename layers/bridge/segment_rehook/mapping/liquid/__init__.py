"""`@liquid`: templates as LiquidJS renders them.

`lexer` splits a template into lexemes. `parser` and `tags` compile them, with the expressions and
filters in them (`expressions`, `filtered`, `filters`). The result is rendered with a `context`.
`template` is the entry. The package is imported only if a mapping uses it.
"""
