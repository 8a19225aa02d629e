"""Images that must go: all copies of them in any disguise, wherever they stand, and for good.

asked ──finding──▶ images by the log ──removing──▶ 1. tombstones: controls that keep them from coming back
                                                   2. what is to go, written down beside the store
                                                   3. objects, rows of manifests and of what stands beside them
                                                   4. the receipt
"""
