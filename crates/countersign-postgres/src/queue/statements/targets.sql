SELECT DISTINCT target FROM {t}job ORDER BY target
