platform-defect = 系统内部出错，本次请求没有保存任何内容。请把请求编号告诉运维人员：{ $request }
