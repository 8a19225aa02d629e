"""Who is crawling: a User-Agent that names a person to talk to, and signatures that prove it (Web Bot Auth)."""

from synsift.crawler.identity.user_agent import user_agent

__all__ = ["user_agent"]
