"""Where audio comes from beside DAWs: files, sound cards, JACK; all of them send `/tag/audio` as a plugin would."""
