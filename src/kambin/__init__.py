"""Kambin: planning of full-endoscopic transforaminal discectomy on the patient's own images.

Research and teaching use; not a medical device.
"""

__version__ = "0.1.0"
