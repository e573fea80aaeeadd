SELECT target FROM {t}paused ORDER BY target
