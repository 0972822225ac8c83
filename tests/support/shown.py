"""What Asterisk's console shows of lines and phones, with either driver."""

# In the form in which Asterisk 22 and 16 print it. PJSIP's `Rejected` and chan_sip's `Request Sent`
# were seen so; `Registered` is written after them.
PJSIP = """\

 <Registration/ServerURI..............................>  <Auth....................>  <Status.......>
==========================================================================================

 free/sip:freephonie.net:5060                            free-auth                   Registered        (exp. 1790s)
 ovh/sip:sip.ovh.fr:5060                                 ovh-auth                    Rejected          (exp. 25s)
 ovh2/sip:sip.ovh.fr:5060                                ovh2-auth                   Unregistered

Objects found: 3
"""  # noqa: E501
CHAN_SIP = """\
No ethernet interface found for seeding global EID. You will have to set it manually.
Host                                    dnsmgr Username       Refresh State                Reg.Time
freephonie.net:5060                     Y      0987654321        1785 Registered           Wed, 25 Nov 2026 01:30:25
sip.ovh.fr:5060                         Y      003397265432      1785 Registered           Wed, 25 Nov 2026 01:30:25
sip.ovh.fr:5060                         Y      003397265432      1800 No Authentication
3 SIP registrations.
"""  # noqa: E501
ENDPOINTS = """\

 Endpoint:  <Endpoint/CID.....................................>  <State.....>  <Channels.>
    I/OAuth:  <AuthId/UserName...........................................................>
        Aor:  <Aor............................................>  <MaxContact>
      Contact:  <Aor/ContactUri..........................> <Hash....> <Status> <RTT(ms)..>
==========================================================================================

 Endpoint:  001/001                                              Not in use    0 of inf
     InAuth:  001/001
        Aor:  001                                                1
      Contact:  001/sip:001@10.89.0.7:5070                 0123456789 Avail         0.9

 Endpoint:  002/002                                              Unavailable   0 of inf
     InAuth:  002/002
        Aor:  002                                                1

 Endpoint:  free                                                 Not in use    0 of inf

"""
# As 16.28 prints it; a phone that is switched off is `UNREACHABLE` at first.
PEERS = """\
Name/username             Host                                    Dyn Forcerport Comedia    ACL Port     Status      Description
001/001                   10.89.2.20                               D  Yes        Yes            5060     OK (1 ms)
002                       (Unspecified)                            D  Yes        Yes            0        UNKNOWN
003/003                   10.89.2.20                               D  Yes        Yes            5060     UNREACHABLE
free/0987650001           10.89.2.10                                  Yes        Yes            5060     OK (1 ms)
4 sip peers [Monitored: 2 online, 2 offline Unmonitored: 0 online, 0 offline]
"""  # noqa: E501

# postqueue's, where postfix does not run: before what it finds in the queue itself.
MAIL_DOWN = "postqueue: warning: Mail system is down -- accessing queue directly\n"
