"""What to ask, where, and how to fetch politely. Knows neither fingerprints nor the log.

queries.py     a target → what to ask
sources/       one module per image source: request for a page, page → image URLs and next page
spiders/       the two Scrapy spiders: they extract, and decide nothing
robots/        what a robots.txt says to us (pure)
consent/       all that is said of the use of an image → one verdict (pure)
identity/      User-Agent, and signatures of requests
download/      everything between a URL and bytes: guard, robots, host schedule, retries
"""
