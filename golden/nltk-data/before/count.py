"""Counts the words that matter."""

from nltk.corpus import stopwords
from nltk.stem import PorterStemmer

stop = set(stopwords.words("english"))
words = [PorterStemmer().stem(word) for word in "the running of a horse".split() if word not in stop]
print(words)
