"""Operations and factorisations of linear algebra, forwards and backwards."""
