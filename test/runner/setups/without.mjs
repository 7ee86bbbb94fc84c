export const setUpRunner = () => {};
