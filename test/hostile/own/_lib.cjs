// No attack here is CommonJS.
