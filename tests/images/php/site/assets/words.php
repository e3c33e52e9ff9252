<?php return 'nouns and verbs';
