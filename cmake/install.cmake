# What `cmake --install` puts where: the program, and the manual page and completions that it prints about itself.
include(GNUInstallDirs)
install(TARGETS redoubt)

function(install_manual kind file destination)
  set(output ${PROJECT_BINARY_DIR}/manual/${file})
  add_custom_command(OUTPUT ${output} COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/manual
                     COMMAND redoubt manual ${kind} > ${output} DEPENDS redoubt VERBATIM)
  add_custom_target(manual_${kind} ALL DEPENDS ${output})
  install(FILES ${output} DESTINATION ${destination})
endfunction()

install_manual(man redoubt.1 ${CMAKE_INSTALL_MANDIR}/man1)
install_manual(bash redoubt ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install_manual(zsh _redoubt ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
