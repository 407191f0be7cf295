"""Who a business's bot is and how it behaves: persona, words, hours, rules, tools, versions, and trying it."""
