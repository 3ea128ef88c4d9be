"""A mailing's rules: who gets a letter, what may follow what, when to try again, and how it all adds up.

audience    which rows of the audience get a letter, and why others don't
audience_document, audience_rows   the query that an audience is, the conditions, a row as a recipient
campaigns   the states of a campaign, and what people may do in each
letters     the states of letters and print jobs; what to do with a job that a crash left
notices     e-mails: what the server's word means, and when to try again
templates   fields and their values, placeholders in an e-mail's text
waiting     what keeps a mailing, for whom, and when somebody is told
report      letters, notices and exclusions are all recipients
"""
