"""Will a parcel arrive late?"""
