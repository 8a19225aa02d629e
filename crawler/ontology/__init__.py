"""Concepts to crawl for: WordNet 3.0, bundled with names in five languages, or a team's own list.

wordnet()                         the bundled nouns
read_ontology(path)               a file of one's own, checked whole
resolve(concepts, "dog.n.01")     what a term names: an identifier, a name, a sense
under(concepts, "imagenet12")     subtrees
graph.ancestors(concepts, wnid)   and what else follows from the parents
"""

from synsift.crawler.ontology import graph
from synsift.crawler.ontology.base import Concepts, Synset, is_identifier
from synsift.crawler.ontology.licences import licences_text
from synsift.crawler.ontology.near import near_terms
from synsift.crawler.ontology.own import OwnOntology, read_ontology
from synsift.crawler.ontology.subtrees import (
    IMAGENET12,
    only_sense,
    resolve,
    sense_lines,
    senses_of,
    several_senses,
    under,
)
from synsift.crawler.ontology.wordnet import LANGUAGES, WordNet, read_bundle, wordnet

__all__ = [
    "IMAGENET12",
    "LANGUAGES",
    "Concepts",
    "OwnOntology",
    "Synset",
    "WordNet",
    "graph",
    "is_identifier",
    "licences_text",
    "near_terms",
    "only_sense",
    "read_bundle",
    "read_ontology",
    "resolve",
    "sense_lines",
    "senses_of",
    "several_senses",
    "under",
    "wordnet",
]
