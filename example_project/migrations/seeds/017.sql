-- Names as they are in production, for 018 to split: with one word, with several, with blanks around them.
INSERT INTO users (email, name) VALUES
    ('ada@example.org', 'Ada Lovelace'),
    ('grace@example.org', '  Grace  Brewster Hopper '),
    ('voltaire@example.org', 'Voltaire');
