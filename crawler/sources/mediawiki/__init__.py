"""The MediaWiki Action API, as an image source needs it: what a wiki can, what to ask, what an answer says.

https://www.mediawiki.org/wiki/API:Main_page, …/API:Siteinfo, …/API:Search, …/API:Imageinfo, …/Help:CirrusSearch,
…/Help:Extension:WikibaseCirrusSearch, …/Manual:Maxlag_parameter.
"""
