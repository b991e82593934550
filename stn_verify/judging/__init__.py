"""From a reply to a judgement: errors over their bounds."""
