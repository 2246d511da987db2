"""Turns a feed into a list of titles with a style sheet, and ends."""

from lxml import etree

FEED = b"<rss><item><title>first</title></item><item><title>second</title></item></rss>"
STYLE = b"""<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:output method="text"/>
<xsl:template match="/"><xsl:for-each select="//title"><xsl:value-of select="."/>;</xsl:for-each></xsl:template></xsl:stylesheet>"""

print(str(etree.XSLT(etree.fromstring(STYLE))(etree.fromstring(FEED))))
