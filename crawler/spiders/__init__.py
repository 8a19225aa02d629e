"""The Scrapy spiders: they extract, and decide nothing."""
