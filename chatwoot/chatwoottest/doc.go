// Package chatwoottest is a Chatwoot 4.16.2 in memory for tests. Server.mu
// guards every row; Close waits for the listener and the delivery workers.
package chatwoottest

// botName is the name of every agent bot.
const botName = "Bot"
