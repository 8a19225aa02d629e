"""Local features: what sees a picture through any edit, where hashes of the whole can't.

picture ──describe──▶ some hundred points ──Shortlist──▶ few pictures ──align──▶ a map ──where they agree──▶ relation

opencv     the one place that knows OpenCV, an extra: ``pip install 'synsift[thorough]'``
points     a grey picture → where it has something to recognise it by, and what surrounds each such point
features   a picture → its points, and a small grey copy
shortlist  many pictures' points → which few pictures may be related to one
geometry   two pictures' points → the map from one into the other
overlap    two pictures and a map → where they agree
state      two drawings and a map → whether they are one in two states
relation   from all that, what one is to the other: a copy, a part of it, or merely sharing a part with it
bounds     what is wanted of a relation
merging    groups that hashes made, and relations → groups
parting    groups that hashes made, without what a closer look takes back
"""
