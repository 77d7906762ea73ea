"""`@liquid`: templates as LiquidJS renders them, on python-liquid's parser and nodes.

python-liquid follows Shopify's Ruby dialect, LiquidJS a looser one of its own: what is cut,
compared, converted and printed differs nearly everywhere. So python-liquid gives the frame
(environment, parser, nodes, render context), and its extension points are filled here: how a
template is cut (`lexer`), expressions, tags and filters. Imported only where a mapping uses it.
"""
