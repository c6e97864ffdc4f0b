"""Operations and bytes of calls of torch; nothing of models, recordings or cells."""
