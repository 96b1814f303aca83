-- Nothing but the frame, for SQL of your own

-- Write here what it does.

-- ROLLBACK:
-- -- And here what takes all of that back.
-- END ROLLBACK
